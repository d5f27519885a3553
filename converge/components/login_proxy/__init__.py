"""oauth2-proxy in front of what cannot sign people in itself."""
