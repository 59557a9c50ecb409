"""How it runs: settings, servers, queue, demo network."""
