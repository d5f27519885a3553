// Runs the registry with the realm's keys and collects its garbage: the standard library does.
module thinkube.local/registry-keeper

go 1.26.0
