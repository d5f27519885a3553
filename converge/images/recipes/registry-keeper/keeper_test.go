package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A realm's key set as Keycloak shows it, and the id that its registry tokens name that key by.
const (
	modulus = "raFW8QeJlaEm_io3pQo4nySs2Rz5CBzTi9KxbsBfXaS2ehkeHYi58Ym2loG41sQCr517wMS09_cKeAaeGjNuRFs-WeFpjeNn_i7WEnVNKisVF9k70I7auVpiYLzj496X8VGJ5RQi6htRfWGdv19BQaN5a-D_x53mgNO6XuOgafs"
	docker  = "IMPA:YN37:RKPC:BPA3:VGVZ:I5TS:7LMQ:IBQQ:CFTS:OO73:EYYM:CX7M"
)

func set(ids ...string) string {
	keys := []string{`{"kid":"other","kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"}`}
	for _, id := range ids {
		keys = append(keys, `{"kid":"`+id+`","kty":"RSA","use":"sig","alg":"RS256","n":"`+modulus+`","e":"AQAB"}`)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

func TestKeysAreNamedAsTokensNameThem(t *testing.T) {
	made, err := renamed([]byte(set("own")))
	if err != nil {
		t.Fatal(err)
	}
	var keys keySet
	if err := json.Unmarshal(made, &keys); err != nil {
		t.Fatal(err)
	}
	if len(keys.Keys) != 1 || keys.Keys[0].ID != docker {
		t.Fatalf("%s", made)
	}
}

func TestARealmWithoutKeysIsRefused(t *testing.T) {
	if made, err := renamed([]byte(`{"keys":[]}`)); err == nil {
		t.Fatalf("%s", made)
	}
}

func TestTheNextNightIsAhead(t *testing.T) {
	now := time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC)
	if left := untilNext(now, 3*time.Hour); left != 23*time.Hour {
		t.Fatal(left)
	}
	if left := untilNext(now, 5*time.Hour); left != time.Hour {
		t.Fatal(left)
	}
}

// A registry that writes down how it is started and which keys it has then, and ends when told to.
const registry = `#!/bin/sh
[ "$1" = serve ] || until grep -q 'serve read' "$JOURNAL"; do sleep 0.05; done
echo "$@" $(grep -o '"kid"' "$KEYS" | wc -l) >> "$JOURNAL"
[ "$1" = serve ] || { echo swept; exit 0; }
trap 'exit 0' TERM
while :; do sleep 0.05; done
`

func TestTheRegistryFollowsKeysAndIsReadOnlyWhileGarbageIsCollected(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("JOURNAL", filepath.Join(folder, "journal"))
	t.Setenv("KEYS", filepath.Join(folder, "keys.json"))
	program := filepath.Join(folder, "registry")
	if err := os.WriteFile(program, []byte(registry), 0o755); err != nil {
		t.Fatal(err)
	}
	var ids atomic.Value
	ids.Store([]string{"one"})
	realm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(set(ids.Load().([]string)...)))
	}))
	defer realm.Close()
	keeper := &Keeper{
		Registry: program, Config: "write", ReadOnlyConfig: "read", KeysURL: realm.URL, KeysFile: os.Getenv("KEYS"),
		Every: 20 * time.Millisecond, CollectAt: 0, Client: realm.Client(), requests: make(chan request),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()

	journal := func(lines ...string) {
		t.Helper()
		wanted, deadline := strings.Join(lines, "\n")+"\n", time.Now().Add(20*time.Second)
		for {
			seen, _ := os.ReadFile(os.Getenv("JOURNAL"))
			if string(seen) == wanted {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%q, wanted %q", seen, wanted)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	journal("serve write 1")
	ids.Store([]string{"one", "two"})
	journal("serve write 1", "serve write 2")
	var output bytes.Buffer
	told := request{&output, make(chan error, 1), true}
	keeper.requests <- told
	if err := <-told.done; err != nil || output.String() != docker+"\n"+docker+"\n" {
		t.Fatal(err, output.String())
	}
	output.Reset()
	asked := request{&output, make(chan error, 1), false}
	keeper.requests <- asked
	if err := <-asked.done; err != nil || output.String() != "swept\n" {
		t.Fatal(err, output.String())
	}
	journal("serve write 1", "serve write 2", "serve read 2", "garbage-collect --delete-untagged write 2", "serve write 2")
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestALoginIsToldAsCredentialHelpersTellIt(t *testing.T) {
	t.Setenv("UPSTREAM_USERNAME", "robot")
	t.Setenv("UPSTREAM_PASSWORD", "secret")
	var answer bytes.Buffer
	if err := login(strings.NewReader("auth.example.org\n"), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.String() != `{"Secret":"secret","ServerURL":"auth.example.org","Username":"robot"}`+"\n" {
		t.Fatal(answer.String())
	}
}
