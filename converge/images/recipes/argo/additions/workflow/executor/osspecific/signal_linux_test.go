package osspecific

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/argoproj/argo-workflows/v3/util/errors"
)

// slow takes its time over what it is given, as a busy machine does.
type slow struct{ heard bytes.Buffer }

func (s *slow) Write(data []byte) (int, error) {
	time.Sleep(150 * time.Millisecond)
	return s.heard.Write(data)
}

func run(t *testing.T, script string) (string, int) {
	t.Helper()
	writer := &slow{}
	command := exec.Command("sh", "-c", script)
	command.Stdout = writer
	closer, err := StartCommand(command)
	if err != nil {
		t.Fatal(err)
	}
	ended := Wait(command.Process)
	closer()
	code := 0
	if exited, is := ended.(errors.Exited); is {
		code = exited.ExitCode()
	}
	return writer.heard.String(), code
}

func TestItEndsAsTheProgramDid(t *testing.T) {
	if _, code := run(t, "exit 3"); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if _, code := run(t, "kill -9 $$"); code != 137 {
		t.Errorf("killed: exit code %d", code)
	}
	if _, code := run(t, "true"); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestAllThatTheProgramSaidIsHeard(t *testing.T) {
	said, _ := run(t, "head -c 200000 /dev/zero | tr '\\0' x; echo; echo last words")
	if !strings.HasSuffix(said, "last words\n") || len(said) != 200000+len("\nlast words\n") {
		t.Errorf("%d bytes, the last of them %q", len(said), said[max(0, len(said)-20):])
	}
}

func TestWhatTheProgramLeavesBehindDoesNotKeepIt(t *testing.T) {
	begun := time.Now()
	if _, code := run(t, "sleep 30 >/dev/null 2>&1 </dev/null & exit 4"); code != 4 || time.Since(begun) > 20*time.Second {
		t.Errorf("exit code %d after %s", code, time.Since(begun))
	}
}
