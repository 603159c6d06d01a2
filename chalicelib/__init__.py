"""Shopbell: a customer's message from the provider's webhook to the agents' desk, and the answer back."""
