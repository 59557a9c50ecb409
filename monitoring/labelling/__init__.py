"""Label plans: which unlabelled cases to adjudicate, drawn with known chances."""
