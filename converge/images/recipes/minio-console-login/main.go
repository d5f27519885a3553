// Signs people in at MinIO's console with the platform login.
//
// The console lets people in with an access key only. This program stands in front of it: whoever has no session is sent to the
// identity provider (authorization code flow with state, nonce and PKCE); the ID token becomes a temporary access key (STS
// AssumeRoleWithWebIdentity), which becomes a session of the console's. What a person may do is what MinIO's policies say about
// that temporary key, so it is the same here as through the S3 API.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	var settings Settings
	var listen, publicURL, consoleURL, stsURL, secretFile, caFile string
	flag.StringVar(&listen, "listen", ":8080", "address to serve on")
	flag.StringVar(&publicURL, "public-url", "", "where browsers find this program, e.g. https://minio-console.example.org")
	flag.StringVar(&consoleURL, "console-url", "", "where this program finds the console")
	flag.StringVar(&stsURL, "sts-url", "", "the S3 API, which gives temporary access keys")
	flag.StringVar(&settings.Issuer, "issuer", "", "the identity provider's issuer URL")
	flag.StringVar(&settings.ClientID, "client-id", "", "what the identity provider calls this program")
	flag.StringVar(&secretFile, "client-secret-file", "", "file with the client's secret")
	flag.StringVar(&caFile, "ca-file", "", "PEM file of the only authorities to trust (default: the system's)")
	flag.DurationVar(&settings.Lifetime, "lifetime", time.Hour, "how long a session lasts (at least 15m)")
	flag.Parse()

	err := errors.Join(
		parse(publicURL, &settings.Public), parse(consoleURL, &settings.Console), parse(stsURL, &settings.STS),
		read(secretFile, &settings.ClientSecret), trust(caFile, &settings.Client),
	)
	if err == nil {
		err = serve(listen, NewBridge(settings))
	}
	if err != nil {
		slog.Error("cannot serve", "error", err)
		os.Exit(1)
	}
}

// serve answers requests until the process is told to end, and then finishes those that it has begun.
func serve(listen string, handler http.Handler) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	server := &http.Server{Addr: listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	slog.Info("serving", "address", listen)
	select {
	case err := <-ended:
		return err
	case <-stop.Done():
		grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return server.Shutdown(grace)
	}
}

func parse(text string, into *url.URL) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return fmt.Errorf("%q is no URL", text)
	}
	*into = *parsed
	return nil
}

func read(file string, into *string) error {
	text, err := os.ReadFile(file)
	*into = strings.TrimSpace(string(text))
	return err
}

// trust makes the client that verifies every server with the given authorities, and follows no redirect.
func trust(file string, into **http.Client) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	if file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate", file)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	*into = &http.Client{
		Transport:     transport,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}
