"""Dataset + model -> predictions -> verdicts -> scores."""
