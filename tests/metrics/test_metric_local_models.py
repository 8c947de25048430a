"""What needs a transformers checkpoint, on tiny ones with random weights that are made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from slow_cases import slow_but

from omni_persona_cal import Judgement, compute, make_judge
from omni_persona_cal.bertscore import bertscores
from omni_persona_cal.judge_prompt import question
from omni_persona_cal.read_out import tokenized

torch = pytest.importorskip("torch")

TEMPLATE_FILLED = "<s>{}<a>"
TEMPLATE = "{% for m in messages %}<s>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"


def save_language_model(folder: Path, *, always: str | None = None, template: str | None = TEMPLATE) -> Path:
    """A causal model of random weights; with `always`, one that goes on with that word and no other."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    # Where all logits are equal the first token wins, and that is this one.
    words = [always or "pilot", "<pad>", "</s>", "<s>", "<a>", "<unk>", "CORRECT", "WRONG", "INCORRECT"]
    words += ["baker", "harbour", "a", "the", "answer", "reference", ".", ","]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", padding_side="right"
    )
    wrapped.chat_template = template
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary), hidden_size=32, intermediate_size=32, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=2048, initializer_range=0.6,
            pad_token_id=vocabulary["<pad>"], eos_token_id=vocabulary["</s>"], bos_token_id=vocabulary["<s>"],
        )
    )  # fmt: skip
    if always is not None:
        torch.nn.init.zeros_(model.lm_head.weight)
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def test_a_model_that_says_one_word_judges(tmp_path: Path, reference) -> None:
    for word, verdict in (("CORRECT", "CORRECT"), ("WRONG", "WRONG"), ("INCORRECT", "WRONG"), ("baker", "UNJUDGED")):
        folder = save_language_model(tmp_path / word, always=word)
        judge = make_judge("transformers", {"model": folder, "max_new_tokens": 1, "reason": True})
        assert judge.judge([("harbour pilot", "a baker"), ("a", "b")]) == [Judgement(verdict, word)] * 2
    options = {"model": tmp_path / "CORRECT", "max_new_tokens": 1, "reason": True}
    scores = compute(["a baker"], [reference(0)], judge="transformers", judge_options=options, n_resamples=0)
    assert (scores["ans"], scores["judge"]) == (1.0, f"transformers:{tmp_path / 'CORRECT'}")


@pytest.fixture(scope="module")
def babbler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_language_model(tmp_path_factory.mktemp("babbler"))


PAIRS = [("harbour pilot", "a baker"), ("pilot", "the pilot , a pilot . " * 30), ("a", ""), ("baker", "harbour .")]


def test_a_batch_says_what_each_pair_alone_says(babbler: Path) -> None:
    together = make_judge(
        "transformers", {"model": babbler, "batch_size": 4, "max_new_tokens": 12, "reason": True}
    ).judge(PAIRS)
    alone = make_judge("transformers", {"model": babbler, "batch_size": 1, "max_new_tokens": 12, "reason": True}).judge(
        PAIRS
    )
    assert together == alone
    assert len({one.raw for one in together}) > 1
    assert {one.verdict for one in together} == {"UNJUDGED"}


def test_the_verdict_is_read_out_of_the_likelihoods_of_one_pass(babbler: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"model": babbler, "batch_size": 4, "cache_dir": tmp_path}
    judge = make_judge("transformers", options)
    together = judge.judge(PAIRS)
    alone = make_judge("transformers", {"model": babbler, "batch_size": 1}).judge(PAIRS)
    assert [one.verdict for one in together] == [one.verdict for one in alone]
    assert [one.margin for one in together] == pytest.approx([one.margin for one in alone], abs=1e-4)
    # The marks in the question are drawn anew each time, and unknown to this tokenizer: they change nothing.
    tokenizer, model = AutoTokenizer.from_pretrained(babbler), AutoModelForCausalLM.from_pretrained(babbler).eval()
    for pair, judgement in zip(PAIRS, alone, strict=True):
        text = TEMPLATE_FILLED.format(question(*pair, at_once=True))
        with torch.inference_mode():
            last = model(**tokenizer(text, return_tensors="pt")).logits[0, -1]
        likelihoods = [float(last[tokenizer.convert_tokens_to_ids(word)]) for word in ("CORRECT", "WRONG")]
        assert judgement.margin == pytest.approx(likelihoods[0] - likelihoods[1], abs=1e-4)
        assert judgement.verdict == ("CORRECT" if judgement.margin > 0 else "WRONG")
        assert f"{judgement.margin:+.3f}" in judgement.raw
    again = make_judge("transformers", options)
    again._load = None
    assert [one.margin for one in again.judge(PAIRS)] == [one.margin for one in together]


@pytest.mark.parametrize("window", [None, 4096, 24])
def test_what_all_questions_begin_with_is_read_once(tmp_path: Path, window: int | None) -> None:
    from transformers import AutoModelForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig

    folder = save_language_model(tmp_path)
    if window:
        size = len(AutoModelForCausalLM.from_pretrained(folder).get_input_embeddings().weight)
        torch.manual_seed(0)
        config = Gemma3TextConfig(
            vocab_size=size, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, head_dim=16, sliding_window=window, initializer_range=0.6,
            layer_types=["sliding_attention", "full_attention"], pad_token_id=1, eos_token_id=2, bos_token_id=3,
        )  # fmt: skip
        Gemma3ForCausalLM(config).save_pretrained(folder)
    judge = make_judge("transformers", {"model": folder, "batch_size": 3})
    reader = judge._reader()
    rows = tokenized(judge._load()[0], [question(*pair, at_once=True) for pair in PAIRS])
    widths: list[int] = []
    reader._model.register_forward_pre_hook(
        lambda model, given, named: widths.append(named["input_ids"].shape[1]), with_kwargs=True
    )
    reader.share(rows)
    (n_head,) = widths
    assert n_head > 50
    shared = reader.margins(rows)
    # A window that the questions do not fit into would see another part of them next to padding.
    assert widths == [n_head, max(map(len, rows)) - n_head * (window != 24)]
    # Again, from the same beginning; and each whole, without it.
    reader.share(rows)
    assert reader.margins(rows) == shared
    assert len(widths) == 3 + (window == 24)
    reader._head = []
    assert reader.margins(rows) == pytest.approx(shared, abs=1e-4)
    assert [reader.margins([row])[0] for row in rows] == pytest.approx(shared, abs=1e-4)


@pytest.mark.parametrize("reason", slow_but([True], [False, True]))
def test_a_question_longer_than_the_model_takes_is_unjudged(babbler: Path, reason: bool) -> None:
    options = {"model": babbler, "max_new_tokens": 4, "reason": reason}
    pairs = [("pilot", "a baker " * 200_000), ("pilot", "a baker")]
    long, short = make_judge("transformers", options).judge(pairs)
    assert long.verdict == "UNJUDGED"
    assert "tokens, and" in str(long.reason)
    assert f"{2044 if reason else 2048:,} at most" in str(long.reason)
    assert "at most" not in str(short.reason)


def test_likelihoods_that_do_not_differ_are_no_verdict(tmp_path: Path) -> None:
    folder = save_language_model(tmp_path, always="pilot")
    (judgement,) = make_judge("transformers", {"model": folder}).judge([("harbour pilot", "a baker")])
    assert (judgement.verdict, judgement.margin) == ("UNJUDGED", 0.0)
    assert judgement.reason == "no likelihoods of CORRECT and WRONG that differ"


def test_verdicts_are_cached_and_progress_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_language_model(tmp_path / "model", always="WRONG")
    done: list[int] = []
    options: dict[str, Any] = {
        "model": folder, "max_new_tokens": 1, "reason": True, "cache_dir": tmp_path / "cache",
        "on_judged": lambda: done.append(1),
    }  # fmt: skip
    first = make_judge("transformers", options).judge([*PAIRS, PAIRS[0]])
    assert len(done) == 4
    again = make_judge("transformers", options)
    monkeypatch.setattr(again, "_generate", None)
    assert again.judge([*PAIRS, PAIRS[0]]) == first
    assert len(done) == 8


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    folder = save_language_model(tmp_path, template=None)
    with pytest.raises(ValueError, match="has no chat template"):
        make_judge("transformers", {"model": folder}).judge(PAIRS)
    with pytest.raises(OSError):
        make_judge("transformers", {"model": tmp_path / "nowhere"}).judge(PAIRS)
    with pytest.raises(ValueError, match="expected a model folder"):
        make_judge("transformers", {"model": ""})


# ---- BERTScore


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "harbour", "pilot", "baker", "the", "of"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=40,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def by_hand(encoder: Path, gold: str, prediction: str, layer: int) -> float:
    """BERTScore once more, one text at a time and with plain loops."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()

    def vectors(text: str) -> list:
        with torch.inference_mode():
            return list(
                model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states[layer][0]
            )

    def best(own: list, other: list) -> float:
        # The first and the last are [CLS] and [SEP]: not counted, but there to be matched.
        each = [max(float(torch.cosine_similarity(one, two, dim=0)) for two in other) for one in own[1:-1]]
        return sum(each) / len(each)

    recall, precision = best(vectors(gold), vectors(prediction)), best(vectors(prediction), vectors(gold))
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("layer", [1, 2])
def test_bertscore_is_what_its_definition_says(encoder: Path, layer: int) -> None:
    pairs = [("harbour pilot", "a pilot"), ("a", "the baker of the harbour"), ("the pilot", "the pilot")]
    found = bertscores(pairs, encoder, layer=layer, batch_size=2)
    assert found == pytest.approx([by_hand(encoder, *pair, layer) for pair in pairs], abs=1e-5)
    assert found[2] == pytest.approx(1.0, abs=1e-6)
    assert all(score <= 1 for score in found)


def test_bertscore_of_nothing_is_zero_and_of_a_long_text_exists(encoder: Path) -> None:
    assert bertscores([("pilot", ""), ("pilot", "  ")], encoder) == [0.0, 0.0]
    assert 0 < bertscores([("pilot", "pilot " * 500)], encoder)[0] <= 1
    with pytest.raises(ValueError, match="expected a layer between 0 and 2"):
        bertscores([("a", "b")], encoder, layer=3)


def test_bertscore_enters_the_scores_when_asked_for(encoder: Path, reference) -> None:
    references = [reference(0), reference(3), reference(6, "absent_persona")]
    said = ["a pilot", "the baker", "baker"]
    scores = compute(said, references, bertscore={"model": str(encoder)}, n_resamples=20)
    each = bertscores([("harbour pilot", text) for text in said[:2]], encoder)
    assert scores["bertscore"] == pytest.approx(sum(each) / 2)
    assert scores["composite"] is not None
    assert scores["intervals"]["bertscore"] is not None
