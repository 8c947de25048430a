"""Which device runs a model, and how, tested without a GPU."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from omni_persona_runner.devices import is_fatal, is_out_of_memory, memory_in_use, on_gpu, use

torch = pytest.importorskip("torch")


def test_the_fullest_of_several_gpus_counts(monkeypatch):
    used, there, reset = {0: 10, 1: 60}, {0: 80, 1: 80}, []
    monkeypatch.setattr("torch.cuda.max_memory_allocated", lambda device: used[device.index])
    monkeypatch.setattr(
        "torch.cuda.get_device_properties", lambda device: SimpleNamespace(total_memory=there[device.index])
    )
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda device: reset.append(device.index))
    devices = [torch.device("cuda", 0), torch.device("cuda", 1), torch.device("cuda", 0), torch.device("cpu")]
    monkeypatch.setattr("torch.cuda.memory_allocated", lambda device: used[device.index] / 2)
    assert memory_in_use(devices) == (0.375, 0.75)
    assert sorted(reset) == [0, 1]


def test_without_a_gpu_nothing_is_in_use():
    assert memory_in_use([torch.device("cpu")]) == (0, 0)


@pytest.mark.parametrize(
    ("device", "taken", "cudnn"), [("cuda:3", ["cuda:3"], [False]), ("auto", [], [False]), ("cpu", [], [])]
)
def test_a_process_makes_its_gpu_its_own_and_attends_without_cudnn(monkeypatch, device, taken, cudnn):
    devices, allowed = [], []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.set_device", devices.append)
    monkeypatch.setattr("torch.backends.cuda.enable_cudnn_sdp", allowed.append)
    use(device)
    assert (devices, allowed) == (taken, cudnn)


@pytest.mark.parametrize(
    ("device", "available", "expected"),
    [("cuda:1", True, True), ("cuda", True, True), ("auto", True, True), ("auto", False, False), ("cpu", True, False)],
)
def test_auto_means_gpus_where_there_are_any(monkeypatch, device, available, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: available)
    assert on_gpu(device) == expected


@pytest.mark.parametrize(
    ("error", "full", "fatal"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True, False),
        (torch.AcceleratorError("CUDA error: out of memory"), True, False),
        (MemoryError(), True, False),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True, False),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."), True, False),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), False, True),
        (ValueError("no such thing"), False, False),
    ],
)
def test_a_full_device_is_distinguished_from_one_that_failed(error, full, fatal):
    assert (is_out_of_memory(error), is_fatal(error)) == (full, fatal)
