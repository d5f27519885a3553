// Signs people in at MinIO's console; go.sum has the hash of every module.
module thinkube.local/minio-console-login

go 1.26.0

require (
	github.com/coreos/go-oidc/v3 v3.18.0
	golang.org/x/oauth2 v0.36.0
)

require github.com/go-jose/go-jose/v4 v4.1.4 // indirect
