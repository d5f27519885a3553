package main

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

const (
	callbackPath  = "/oauth_callback"
	healthPath    = "/sso/health"
	sessionCookie = "token" // the console's own
)

// Settings say where everything is.
type Settings struct {
	Public, Console, STS           url.URL
	Issuer, ClientID, ClientSecret string
	Lifetime                       time.Duration
	Client                         *http.Client
}

// Bridge is what browsers talk to: the console, behind the platform login.
type Bridge struct {
	Settings
	provider *Provider
	console  *httputil.ReverseProxy
	handler  http.Handler
}

// NewBridge makes a bridge; the identity provider is asked for its addresses with the first login, so neither has to start first.
func NewBridge(settings Settings) *Bridge {
	bridge := &Bridge{Settings: settings, provider: &Provider{settings: settings}}
	bridge.console = &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(&settings.Console)
			request.Out.Host = settings.Public.Host
			request.Out.Header["X-Forwarded-For"] = request.In.Header["X-Forwarded-For"]
			request.SetXForwarded()
			request.Out.Header.Set("X-Forwarded-Proto", "https")
			keepOnly(request.Out, sessionCookie)
		},
		ErrorHandler: func(writer http.ResponseWriter, _ *http.Request, err error) {
			slog.Warn("the console does not answer", "error", err)
			page(writer, http.StatusBadGateway, "The console does not answer", "Try again in a moment.")
		},
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET "+healthPath, func(writer http.ResponseWriter, _ *http.Request) { writer.WriteHeader(http.StatusNoContent) })
	routes.HandleFunc("GET "+callbackPath, bridge.callback)
	routes.HandleFunc("POST /api/v1/login", bridge.refuseKeys)
	routes.HandleFunc("POST /api/v1/logout", bridge.signOut)
	routes.HandleFunc("/", bridge.pass)
	// Other hosts of the platform's domain are the same site for cookies, but not the same origin.
	bridge.handler = http.NewCrossOriginProtection().Handler(routes)
	return bridge
}

// ServeHTTP refuses what another origin's page has sent, then does what the path says.
func (bridge *Bridge) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if origin := request.Header.Get("Origin"); request.Header.Get("Upgrade") != "" && origin != bridge.origin() {
		http.Error(writer, "another origin", http.StatusForbidden)
		return
	}
	bridge.handler.ServeHTTP(writer, request)
}

func (bridge *Bridge) origin() string { return bridge.Public.Scheme + "://" + bridge.Public.Host }

// pass sends people without a session to the login; everything else is the console's to answer.
func (bridge *Bridge) pass(writer http.ResponseWriter, request *http.Request) {
	if isNavigation(request) && !bridge.hasSession(request) {
		bridge.begin(writer, request)
		return
	}
	bridge.console.ServeHTTP(writer, request)
}

func (bridge *Bridge) begin(writer http.ResponseWriter, request *http.Request) {
	address, attempt, err := bridge.provider.Begin(request.Context(), localPath(request.URL.RequestURI()))
	if err != nil {
		slog.Warn("no login", "error", err)
		page(writer, http.StatusServiceUnavailable, "Nobody can sign in at the moment", "The platform login does not answer. Try again in a moment.")
		return
	}
	attempt.keep(writer)
	writer.Header().Set("Cache-Control", "no-store")
	http.Redirect(writer, request, address, http.StatusFound)
}

// callback ends a login: code, ID token, temporary access key, session of the console's.
func (bridge *Bridge) callback(writer http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	attempt, known := takeAttempt(writer, request, query.Get("state"))
	if !known {
		page(writer, http.StatusBadRequest, "This login is no longer valid", "It was begun too long ago, or in another browser.")
		return
	}
	if reason := query.Get("error"); reason != "" {
		page(writer, http.StatusForbidden, "You were not signed in", "The platform login says: "+reason)
		return
	}
	person, err := bridge.provider.Finish(request.Context(), attempt, query)
	if err != nil {
		slog.Warn("login refused", "error", err)
		page(writer, http.StatusForbidden, "You were not signed in", "The platform login did not confirm who you are.")
		return
	}
	session, err := bridge.open(request.Context(), person)
	var refused *Refusal
	switch {
	case errors.As(err, &refused):
		slog.Info("no access", "user", person.Name, "reason", refused.Reason)
		page(writer, http.StatusForbidden, "You may not use object storage", "Ask an administrator of the platform for access.")
	case err != nil:
		slog.Warn("no session", "user", person.Name, "error", err)
		page(writer, http.StatusBadGateway, "Object storage does not answer", "Try again in a moment.")
	default:
		slog.Info("signed in", "user", person.Name)
		keep(writer, sessionCookie, session, bridge.Lifetime)
		keep(writer, identityCookie, person.IDToken, bridge.Lifetime)
		writer.Header().Set("Cache-Control", "no-store")
		http.Redirect(writer, request, localPath(attempt.Target), http.StatusSeeOther)
	}
}

// open turns an ID token into a session of the console's.
func (bridge *Bridge) open(ctx context.Context, person Person) (string, error) {
	key, err := assumeRole(ctx, bridge.Client, bridge.STS, person.IDToken, bridge.Lifetime)
	if err != nil {
		return "", err
	}
	return consoleSession(ctx, bridge.Client, bridge.Console, key)
}

func (bridge *Bridge) hasSession(request *http.Request) bool {
	cookie, err := request.Cookie(sessionCookie)
	return err == nil && isSession(request.Context(), bridge.Client, bridge.Console, cookie)
}

// signOut ends the session at the identity provider as well, or the next page would sign the same person in again.
func (bridge *Bridge) signOut(writer http.ResponseWriter, request *http.Request) {
	if cookie, err := request.Cookie(identityCookie); err == nil {
		if err := bridge.provider.End(request.Context(), cookie.Value); err != nil {
			slog.Warn("the platform login was not told of a sign-out", "error", err)
		}
		drop(writer, identityCookie)
	}
	bridge.console.ServeHTTP(writer, request)
}

// refuseKeys keeps the console's own form shut: there is one login.
func (bridge *Bridge) refuseKeys(writer http.ResponseWriter, _ *http.Request) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(http.StatusForbidden)
	_, _ = writer.Write([]byte(`{"code":403,"message":"Reload the page to sign in with the platform login","detailedMessage":""}`))
}

// isNavigation tells whether a browser wants a page to show, not data for a page that it shows already.
func isNavigation(request *http.Request) bool {
	if request.Method != http.MethodGet || strings.HasPrefix(request.URL.Path, "/api/") || request.Header.Get("Upgrade") != "" {
		return false
	}
	if mode := request.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(request.Header.Get("Accept"), "text/html")
}

// localPath is the address within this host, or "/" for whatever might lead elsewhere.
func localPath(target string) string {
	parsed, err := url.Parse(target)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsAny(target, "\\\r\n") || parsed.Path == callbackPath || parsed.Path == "/login" || parsed.Path == "/logout" {
		return "/"
	}
	return target
}

var document = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p><p><a href="/">Sign in</a></p></main></body></html>
`))

func page(writer http.ResponseWriter, status int, title, text string) {
	header := writer.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	writer.WriteHeader(status)
	_ = document.Execute(writer, map[string]string{"Title": title, "Text": text})
}
