"""Which unlabelled cases to send for adjudication, drawn with known probabilities."""
