"""The platform's Git server."""
