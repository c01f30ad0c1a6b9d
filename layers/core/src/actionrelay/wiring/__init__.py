"""Where ports meet adapters."""
