#!/bin/bash
# Starts the server with what it is given, and only with that: settings in /settings (opensearch.yml, log4j2.properties, sign-on.json), the
# administrator's password in /credentials/password, certificate and key in /tls, authorities in /ca; its data in /data, scratch in /tmp.
#
# Who may sign in lies in an index of the server's own, which reads its files once, when there is no such index yet. So a password or a
# way to sign in that has changed since is told to the server before it serves anybody: it is started on the loopback first, with a
# certificate made for that moment, which alone opens everything.
set -euo pipefail
umask 077
export OPENSEARCH_PATH_CONF=/tmp/opensearch
home=/opt/opensearch conf=$OPENSEARCH_PATH_CONF once=/tmp/once
rm -rf "$conf" "$once"
mkdir -p "$conf/opensearch-security" "$once"
cp /settings/opensearch.yml /settings/log4j2.properties /tls/tls.crt /tls/tls.key "$conf/"
# The authorities of the image, and the platform's.
cat /etc/ssl/certs/ca-certificates.crt /ca/ca.crt > "$conf/trusted.pem"
cp /ca/ca.crt "$conf/ca.crt"

password=$(cat /credentials/password)
hash=$(PASSWORD=$password java -XX:TieredStopAtLevel=1 -cp "$home/plugins/opensearch-security/*:$home/lib/*" \
  org.opensearch.security.tools.Hasher -env PASSWORD | tail -n 1)
sign_on=$(cat /settings/sign-on.json)
told=$(printf '%s\n%s' "$password" "$sign_on" | sha256sum)
unset password

meta() { printf '{"_meta": {"type": "%s", "config_version": 2}%s}\n' "$1" "${2:+, $2}"; }
administrator=$(printf '{"hash": "%s", "reserved": true, "backend_roles": ["admin"]}' "$hash")
(
  cd "$conf/opensearch-security"
  meta config "\"config\": $sign_on" > config.yml
  meta internalusers "\"admin\": $administrator" > internal_users.yml
  meta rolesmapping '"all_access": {"backend_roles": ["admin"]}' > roles_mapping.yml
  for kind in roles actiongroups tenants nodesdn allowlist audit; do
    name=$(sed 's/actiongroups/action_groups/; s/nodesdn/nodes_dn/' <<< "$kind")
    meta "$kind" > "$name.yml"
  done
  echo '{"_meta": {"type": "audit", "config_version": 2}, "config": {"enabled": false}}' > audit.yml
)

serve=(java -Xms384m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.security.manager=allow
  --add-opens=java.base/java.io=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED
  -Dlog4j2.disable.jmx=true -Dlog4j2.formatMsgNoLookups=true -Dio.netty.noUnsafe=true -Dio.netty.recycler.maxCapacityPerThread=0
  -Djava.io.tmpdir=/tmp "-Dopensearch.path.home=$home" "-Dopensearch.path.conf=$conf" -Dopensearch.distribution.type=tar
  -cp "$home/lib/*" org.opensearch.bootstrap.OpenSearch)

issue() {
  openssl req -newkey rsa:2048 -nodes -keyout "$once/$1.key" -out "$once/$1.csr" -subj "/CN=$1" 2> /dev/null
  printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' > "$once/extensions"
  openssl x509 -req -in "$once/$1.csr" -CA "$once/ca.crt" -CAkey "$once/ca.key" -days 1 -extfile "$once/extensions" -out "$once/$1.crt" 2> /dev/null
}

ask() {
  curl --silent --show-error --fail --cacert "$once/ca.crt" --cert "$once/once.crt" --key "$once/once.key" \
    -H 'Content-Type: application/json' "$@"
}

tell() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$once/ca.key" -out "$once/ca.crt" -days 1 -subj /CN=once-ca 2> /dev/null
  issue localhost
  issue once
  cp "$once/ca.crt" "$conf/once-ca.crt"
  cp "$once/localhost.crt" "$once/localhost.key" "$conf/"
  "${serve[@]}" -Ehttp.host=127.0.0.1 -Etransport.host=127.0.0.1 -Eplugins.security.ssl.http.enabled=true \
    -Eplugins.security.ssl.http.pemcert_filepath=localhost.crt -Eplugins.security.ssl.http.pemkey_filepath=localhost.key \
    -Eplugins.security.ssl.http.pemtrustedcas_filepath=once-ca.crt -Eplugins.security.authcz.admin_dn=CN=once \
    -Eplugins.security.unsupported.restapi.allow_securityconfig_modification=true &
  server=$!
  api=https://localhost:9200/_plugins/_security
  # Refused as long as nobody listens, 503 until its index is read.
  ask --retry 600 --retry-delay 1 --retry-max-time 600 --retry-all-errors "$api/health" > /dev/null 2>&1
  ask -X PUT "$api/api/internalusers/admin" --data-binary @- <<< "$administrator"
  ask -X PUT "$api/api/securityconfig/config" --data-binary @- <<< "$sign_on"
  kill "$server"
  wait "$server" || true
  rm -f "$conf"/once-ca.crt "$conf"/localhost.*
}

if [[ -d /data/nodes && $(cat /data/told 2> /dev/null) != "$told" ]]; then
  tell
fi
printf '%s' "$told" > /data/told
rm -rf "$once"
exec "${serve[@]}"
