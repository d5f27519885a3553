// The process that holds a pod's namespaces.
module thinkube.local/pause

go 1.26.0
