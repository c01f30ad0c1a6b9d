"""The wire side of outbound webhooks: DNS, and the one connection that goes where a caller says."""
