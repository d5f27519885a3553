// Keeps a registry: runs it with the keys that the realm signs tokens with, and collects its garbage.
//
// The registry reads the keys of its token service once, at its start, and knows them by fingerprints that the identity provider's own
// key set does not show. This program reads that set, writes it as the registry wants it, starts the registry, and starts it anew when
// the keys are others. Garbage may only be collected while nobody writes: every night, or when asked (`collect`), it starts the
// registry read-only, lets it collect, and starts it as before. Nothing outside the pod has to remember that: whatever ends the pod
// ends the collection too.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = "registry-keeper install FOLDER | run FLAGS | collect [--socket FILE] | keys [--socket FILE] | get"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch command, rest := os.Args[1], os.Args[2:]; {
	case command == "install" && len(rest) == 1:
		err = install(rest[0])
	case command == "run":
		err = run(rest)
	case command == "collect":
		err = ask(http.MethodPost, "\ncollected\n", rest)
	case command == "get":
		err = login(os.Stdin, os.Stdout)
	case command == "keys":
		err = ask(http.MethodGet, "", rest)
	default:
		err = fmt.Errorf("usage: %s", usage)
	}
	if err != nil {
		slog.Error("registry-keeper", "error", err)
		os.Exit(1)
	}
}

// install copies this program, so that the registry's own image, which knows nothing of it, can start it.
func install(folder string) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(own)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "registry-keeper"), content, 0o755)
}

// login is a credential helper for a registry that pulls through another: it answers as whom, nobody where nothing is said.
func login(asked io.Reader, answer io.Writer) error {
	server, err := io.ReadAll(io.LimitReader(asked, 1<<12))
	if err != nil {
		return err
	}
	return json.NewEncoder(answer).Encode(map[string]string{
		"ServerURL": strings.TrimSpace(string(server)),
		"Username":  os.Getenv("UPSTREAM_USERNAME"),
		"Secret":    os.Getenv("UPSTREAM_PASSWORD"),
	})
}

func run(arguments []string) error {
	keeper := &Keeper{Client: &http.Client{Timeout: 10 * time.Second}, requests: make(chan request)}
	flags := flag.NewFlagSet("run", flag.ExitOnError)
	socket := flags.String("socket", "/run/keeper/socket", "where collections are asked for")
	flags.StringVar(&keeper.Registry, "registry", "/bin/registry", "the registry's program")
	flags.StringVar(&keeper.Config, "config", "", "its configuration file")
	flags.StringVar(&keeper.ReadOnlyConfig, "read-only-config", "", "the same for the time of a collection")
	flags.StringVar(&keeper.KeysURL, "keys-url", "", "the realm's key set")
	flags.StringVar(&keeper.KeysFile, "keys-file", "", "where the registry reads it")
	flags.DurationVar(&keeper.Every, "every", 10*time.Second, "how often the realm's keys are read")
	flags.DurationVar(&keeper.CollectAt, "collect-at", 3*time.Hour, "when garbage is collected, after midnight UTC (negative: only when asked)")
	_ = flags.Parse(arguments)

	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	_ = os.Remove(*socket) // of a container before this one
	listener, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	defer listener.Close()
	go func() { _ = http.Serve(listener, http.HandlerFunc(keeper.answer)) }()
	return keeper.Run(ctx)
}

// answer tells which keys the registry knows (GET), or collects garbage (POST) and tells how it went in its last line.
func (k *Keeper) answer(w http.ResponseWriter, r *http.Request) {
	asked := request{w, make(chan error, 1), r.Method == http.MethodGet}
	select {
	case k.requests <- asked:
	case <-r.Context().Done():
		return
	}
	if err := <-asked.done; err != nil {
		fmt.Fprintf(w, "\nfailed: %v\n", err)
		return
	}
	if !asked.tells {
		fmt.Fprint(w, "\ncollected\n")
	}
}

// ask has the keeper that runs do something and prints its answer, which ends with "end" where all went well.
func ask(method, end string, arguments []string) error {
	flags := flag.NewFlagSet("ask", flag.ExitOnError)
	socket := flags.String("socket", "/run/keeper/socket", "of the keeper that runs")
	_ = flags.Parse(arguments)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", *socket)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	asked, err := http.NewRequest(method, "http://keeper/", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(asked)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Print(string(text))
	if err == nil && !strings.HasSuffix(string(text), end) {
		err = fmt.Errorf("the keeper did not do it")
	}
	return err
}
