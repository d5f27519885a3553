// What the module lacks for Linux: how the executor starts, signals and reaps the program of a step.
package osspecific

import (
	"os"
	"syscall"

	"github.com/argoproj/argo-workflows/v3/util/errors"
)

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
		case status.Exited():
			return errors.NewExitErr(status.ExitStatus())
		case status.Signaled():
			return errors.NewExitErr(128 + int(status.Signal()))
		}
	}
}
