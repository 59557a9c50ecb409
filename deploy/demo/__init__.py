"""The simulated hospital network: declared synthetic, seeded, and free of Django until it is imported."""
