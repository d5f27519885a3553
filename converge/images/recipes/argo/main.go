// One program for every part of Argo Workflows: which one it is depends on the name it is called by.
// They share most of their libraries, so that these are linked, stored and loaded into nodes once.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	argo "github.com/argoproj/argo-workflows/v3"
	commandline "github.com/argoproj/argo-workflows/v3/cmd/argo/commands"
	executor "github.com/argoproj/argo-workflows/v3/cmd/argoexec/commands"
	workflows "github.com/argoproj/argo-workflows/v3/pkg/client/clientset/versioned"
	"github.com/argoproj/argo-workflows/v3/util"
	"github.com/argoproj/argo-workflows/v3/util/cmd"
	exits "github.com/argoproj/argo-workflows/v3/util/errors"
	"github.com/argoproj/argo-workflows/v3/util/kube/cli"
	"github.com/argoproj/argo-workflows/v3/workflow/common"
	"github.com/argoproj/argo-workflows/v3/workflow/controller"
	"github.com/argoproj/argo-workflows/v3/workflow/metrics"
	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

var programs = map[string]func(context.Context) int{
	"argo":                runCommandLine,
	"argoexec":            runExecutor,
	"workflow-controller": runController,
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "unknown program %q, expected argo, argoexec or workflow-controller\n", name)
		os.Exit(64)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

// runCommandLine is the command line, and with the argument server the server.
func runCommandLine(context.Context) int {
	if commandline.NewCommand().Execute() != nil {
		return 1
	}
	return 0
}

// runExecutor ends as the program of the step did.
func runExecutor(ctx context.Context) int {
	err := executor.NewRootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var exited exits.Exited
	if errors.As(err, &exited) {
		if code := exited.ExitCode(); code >= 0 {
			return code
		}
		return 128 + int(syscall.SIGKILL)
	}
	util.WriteTerminateMessage(err.Error())
	fmt.Fprintln(os.Stderr, err)
	return 64
}

// runController is the release's controller as its flags have it where nobody has to be elected leader.
func runController(ctx context.Context) int {
	command := controllerCommand()
	if err := command.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func controllerCommand() *cobra.Command {
	var namespaced bool
	var image, pullPolicy string
	var workers int
	command := &cobra.Command{Use: "workflow-controller", Short: "turns Workflows into pods", SilenceUsage: true}
	clients := cli.AddKubectlFlagsToCmd(command)
	command.Flags().BoolVar(&namespaced, "namespaced", false, "keep to the namespace that it runs in")
	command.Flags().StringVar(&image, "executor-image", "", "what runs beside each step")
	command.Flags().StringVar(&pullPolicy, "executor-image-pull-policy", "", "when that is pulled")
	command.Flags().IntVar(&workers, "workflow-workers", 32, "how many workflows are looked at at once")
	command.RunE = func(command *cobra.Command, _ []string) error {
		ctx := command.Context()
		// Executors are started with the same levels.
		cmd.SetLogLevel("info")
		cmd.SetGLogLevel(0)
		cmd.SetLogFormatter("text")
		config, err := clients.ClientConfig()
		if err != nil {
			return err
		}
		namespace, _, err := clients.Namespace()
		if err != nil {
			return err
		}
		managed := ""
		if namespaced {
			managed = namespace
		}
		config = rest.AddUserAgent(config, "argo-workflows/"+argo.GetVersion().Version+" argo-controller")
		config.QPS, config.Burst = 20, 30
		metrics.AddMetricsTransportWrapper(ctx, config)
		kube, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		wanted, err := workflows.NewForConfig(config)
		if err != nil {
			return err
		}
		made, err := controller.NewWorkflowController(
			ctx, config, kube, wanted, namespace, managed, image, pullPolicy, "text", common.ConfigMapName, false)
		if err != nil {
			return err
		}
		go made.Run(ctx, workers, 4, 4, 8, 8)
		go made.RunPrometheusServer(ctx, false)
		return serveHealth(ctx, made)
	}
	return command
}

// serveHealth ends with the context.
func serveHealth(ctx context.Context, made *controller.WorkflowController) error {
	pages := http.NewServeMux()
	pages.HandleFunc("/healthz", made.Healthz)
	server := &http.Server{Addr: ":6060", Handler: pages, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
