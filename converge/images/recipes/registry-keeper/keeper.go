package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const patience = 30 * time.Second

// Keeper runs one registry and starts it anew for new keys, and for the time of a collection read-only.
type Keeper struct {
	Registry       string
	Config         string
	ReadOnlyConfig string
	KeysURL        string
	KeysFile       string
	Every          time.Duration
	CollectAt      time.Duration // after midnight, UTC; negative: only when asked
	Client         *http.Client

	keys     []byte
	requests chan request
}

// request is one to collect garbage or, with tells, to write down which keys the registry was started with.
type request struct {
	output io.Writer
	done   chan error
	tells  bool
}

// child is a registry that runs; ended gets what became of it.
type child struct {
	process *os.Process
	ended   chan error
}

// Run serves until ctx ends, or until the registry ends by itself, which is an error.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		if _, err := k.follow(); err == nil {
			break
		} else if !rest(ctx, k.retry(err)) {
			return nil
		}
	}
	running, err := k.start(k.Config)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(k.Every)
	defer ticker.Stop()
	nightly := time.NewTimer(untilNext(time.Now(), k.CollectAt))
	defer nightly.Stop()
	if k.CollectAt < 0 {
		nightly.Stop()
	}
	for {
		select {
		case <-ctx.Done():
			return running.stop()
		case err := <-running.ended:
			return fmt.Errorf("the registry ended: %w", err)
		case <-ticker.C:
			changed, err := k.follow()
			if err != nil {
				slog.Warn("the realm's keys cannot be read, those known stay", "error", err)
			}
			if changed {
				slog.Info("the realm has other keys: the registry is started anew")
				if running, err = k.again(running, k.Config); err != nil {
					return err
				}
			}
		case asked := <-k.requests:
			if asked.tells {
				asked.done <- tell(asked.output, k.keys)
				continue
			}
			if running, err = k.collect(ctx, running, asked.output, asked.done); err != nil {
				return err
			}
		case <-nightly.C:
			nightly.Reset(untilNext(time.Now(), k.CollectAt))
			done := make(chan error, 1)
			if running, err = k.collect(ctx, running, os.Stdout, done); err != nil {
				return err
			}
			if err := <-done; err != nil {
				slog.Error("no garbage was collected", "error", err)
			}
		}
	}
}

// collect removes what nothing names any more; meanwhile the registry takes no writes. done gets how it went, the error is the registry's.
func (k *Keeper) collect(ctx context.Context, running *child, output io.Writer, done chan<- error) (*child, error) {
	slog.Info("collecting garbage: the registry is read-only")
	running, err := k.again(running, k.ReadOnlyConfig)
	if err != nil {
		done <- err
		return running, err
	}
	collecting := exec.CommandContext(ctx, k.Registry, "garbage-collect", "--delete-untagged", k.Config)
	collecting.Cancel = func() error { return collecting.Process.Signal(syscall.SIGTERM) }
	collecting.Stdout, collecting.Stderr = output, output
	outcome := collecting.Run()
	running, err = k.again(running, k.Config)
	slog.Info("collected garbage: the registry takes writes again", "error", outcome)
	done <- errors.Join(outcome, err)
	return running, err
}

// follow reads the keys and writes them for the registry where they are others than before.
func (k *Keeper) follow() (changed bool, err error) {
	keys, err := fetch(k.Client, k.KeysURL)
	if err != nil || bytes.Equal(keys, k.keys) {
		return false, err
	}
	beside := filepath.Join(filepath.Dir(k.KeysFile), ".new")
	if err := os.WriteFile(beside, keys, 0o600); err != nil {
		return false, err
	}
	if err := os.Rename(beside, k.KeysFile); err != nil {
		return false, err
	}
	k.keys = keys
	return true, nil
}

func (k *Keeper) retry(err error) time.Duration {
	slog.Warn("the registry waits for the realm's keys", "error", err)
	return time.Second
}

func (k *Keeper) start(config string) (*child, error) {
	command := exec.Command(k.Registry, "serve", config)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		return nil, err
	}
	made := &child{command.Process, make(chan error, 1)}
	go func() { made.ended <- command.Wait() }()
	return made, nil
}

// again lets the registry finish what it answers and starts it with a configuration.
func (k *Keeper) again(running *child, config string) (*child, error) {
	if err := running.stop(); err != nil {
		return nil, err
	}
	return k.start(config)
}

// stop asks the registry to end; one that does not is killed.
func (c *child) stop() error {
	if err := c.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.process.Kill()
		<-c.ended
	}
	return nil
}

func rest(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// untilNext is the time until the next moment so long after midnight, UTC.
func untilNext(now time.Time, at time.Duration) time.Duration {
	next := now.UTC().Truncate(24 * time.Hour).Add(at)
	if !next.After(now) {
		next = next.Add(24 * time.Hour)
	}
	return next.Sub(now)
}
