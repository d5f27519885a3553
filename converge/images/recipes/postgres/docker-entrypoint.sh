#!/bin/bash
# Make the database cluster on the first start, then become the server.
#
# Honours the names that the published image uses: POSTGRES_USER, POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE),
# POSTGRES_DB, POSTGRES_INITDB_ARGS, PGDATA and /docker-entrypoint-initdb.d/*.sh, *.sql.
# A first start that was cut off is begun again: the cluster is made beside its place and moved there when it is whole.
set -euo pipefail

prepare() {
	local making="${PGDATA}.making" user="${POSTGRES_USER:-postgres}" password="${POSTGRES_PASSWORD:-}"
	if [[ -n "${POSTGRES_PASSWORD_FILE:-}" ]]; then
		password="$(< "$POSTGRES_PASSWORD_FILE")"
	fi
	if [[ -z "$password" ]]; then
		echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set to make a new database cluster" >&2
		exit 64
	fi
	if [[ -n "$(ls -A "$PGDATA" 2> /dev/null)" ]]; then
		echo "$PGDATA holds files but no database cluster; name another PGDATA or empty it" >&2
		exit 64
	fi
	rm -rf "$making"
	rmdir "$PGDATA" 2> /dev/null || true
	if [[ -e "$PGDATA" ]]; then
		echo "$PGDATA is a volume's own root; set PGDATA to a folder inside it, such as $PGDATA/pgdata" >&2
		exit 64
	fi
	# shellcheck disable=SC2086 # POSTGRES_INITDB_ARGS is a list of words
	initdb --pgdata="$making" --username="$user" --pwfile=<(printf '%s' "$password") \
		--auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 \
		--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --set=listen_addresses='*' ${POSTGRES_INITDB_ARGS:-}
	printf '\nhost all all all scram-sha-256\n' >> "$making/pg_hba.conf"

	# Only the socket, in a folder of its own, so that nobody takes this for the server in service.
	local sockets
	sockets="$(mktemp -d)"
	pg_ctl --pgdata="$making" --wait --silent --options="-c listen_addresses='' -c unix_socket_directories='$sockets'" start
	local query=(psql --no-psqlrc --set=ON_ERROR_STOP=1 --host="$sockets" --username="$user" --quiet)
	local database="${POSTGRES_DB:-$user}"
	if [[ "$database" != postgres ]]; then
		"${query[@]}" --dbname=postgres --set=name="$database" <<< 'CREATE DATABASE :"name";'
	fi
	local script
	for script in /docker-entrypoint-initdb.d/*; do
		case "$script" in
		*.sql) "${query[@]}" --dbname="$database" --file="$script" ;;
		*.sh) PGHOST="$sockets" PGUSER="$user" PGDATABASE="$database" bash "$script" ;;
		esac
	done
	pg_ctl --pgdata="$making" --wait --silent --mode=fast stop
	rmdir "$sockets"
	sync
	mv "$making" "$PGDATA"
}

if [[ "${1:-postgres}" == -* ]]; then
	set -- postgres "$@"
fi
if [[ "$1" == postgres ]]; then
	if [[ ! -s "$PGDATA/PG_VERSION" ]]; then
		prepare
	fi
	unset POSTGRES_PASSWORD
fi
exec "$@"
