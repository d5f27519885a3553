"""The platform's dashboard: a small web application in the cluster, behind the login proxy; it reads and never writes."""
