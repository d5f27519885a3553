"""Product admin APIs as nouns: keycloak, minio, postgres."""
