"""What components are made of, where no product is needed for it: manifests, releases, hosts, volumes, certificates, service accounts."""
