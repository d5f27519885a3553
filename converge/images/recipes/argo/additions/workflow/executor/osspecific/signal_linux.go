// What the module lacks for Linux: how the executor signals and reaps the program of a step.
package osspecific

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argoproj/argo-workflows/v3/util/errors"
)

// drainsWithin is how long the program's last words are waited for.
const drainsWithin = 5 * time.Second

// Term asks a program to end.
var Term = syscall.SIGTERM

// CanIgnoreSignal tells what is not passed on to the program: the end of a child, and the Go runtime's own.
func CanIgnoreSignal(s os.Signal) bool {
	return s == syscall.SIGCHLD || s == syscall.SIGURG
}

// Kill sends a signal to the program's whole process group, or to it alone where it has none.
func Kill(pid int, s syscall.Signal) error {
	if group, err := syscall.Getpgid(pid); err == nil {
		return syscall.Kill(-group, s)
	}
	return syscall.Kill(pid, s)
}

// Setpgid gives the program a process group of its own.
func Setpgid(a *syscall.SysProcAttr) {
	a.Setpgid = true
}

// Wait returns when the program has ended, as an error that holds its exit code where that is not 0.
//
// The executor is the container's first process, so it inherits what the program leaves behind, and has to reap that too.
// Whoever started the program gives its pipes a tenth of a second afterwards: on a busy machine the end of its output was lost,
// so this returns when nothing is left in them.
func Wait(process *os.Process) error {
	pid := process.Pid
	if err := process.Release(); err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		ended, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return err
		case ended != pid:
			continue
		}
		for end := time.Now().Add(drainsWithin); isHeld() && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		if status.Signaled() {
			return errors.NewExitErr(128 + int(status.Signal()))
		}
		return errors.NewExitErr(status.ExitStatus())
	}
}

// isHeld tells whether something is left in a pipe that this process reads.
func isHeld() bool {
	descriptors, _ := filepath.Glob("/proc/self/fd/*")
	for _, path := range descriptors {
		target, err := os.Readlink(path)
		if err != nil || !strings.HasPrefix(target, "pipe:") {
			continue
		}
		descriptor, err := strconv.Atoi(filepath.Base(path))
		if err != nil || descriptor <= 2 {
			continue
		}
		if left, err := unix.IoctlGetInt(descriptor, unix.TIOCINQ); err == nil && left > 0 {
			return true
		}
	}
	return false
}
