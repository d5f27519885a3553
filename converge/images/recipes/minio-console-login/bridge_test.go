package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"
)

// world is an identity provider, MinIO with its console, and the bridge between them.
type world struct {
	*testing.T
	bridge                *Bridge
	provider              *httptest.Server
	nonce, challenge      string
	policy                bool
	signedOut             []string
	logs                  *bytes.Buffer
	idToken, forgedIssuer string
}

func newWorld(t *testing.T) *world {
	here := &world{T: t, policy: true, logs: &bytes.Buffer{}}
	previous := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(here.logs, nil)))
	t.Cleanup(func() { slog.SetDefault(previous) })

	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	keys := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "a", Algorithm: "ES256"}}, Algorithms: []string{"ES256"}}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /token", func(writer http.ResponseWriter, request *http.Request) {
		hash := sha256.Sum256([]byte(request.PostFormValue("code_verifier")))
		if request.PostFormValue("code") != "the-code" || base64.RawURLEncoding.EncodeToString(hash[:]) != here.challenge {
			http.Error(writer, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		claims := fmt.Sprintf(`{"iss":%q,"aud":"minio","sub":"1","exp":%d,"nonce":%q,"preferred_username":"ada"}`,
			here.provider.URL+here.forgedIssuer, time.Now().Add(time.Minute).Unix(), here.nonce)
		here.idToken = oidctest.SignIDToken(key, "a", "ES256", claims)
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(map[string]string{"access_token": "the-access-token", "token_type": "Bearer", "id_token": here.idToken})
	})
	routes.HandleFunc("GET /.well-known/openid-configuration", func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(map[string]any{
			"issuer": here.provider.URL, "authorization_endpoint": here.provider.URL + "/auth", "token_endpoint": here.provider.URL + "/token",
			"jwks_uri": here.provider.URL + "/keys", "end_session_endpoint": here.provider.URL + "/end",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	routes.HandleFunc("POST /end", func(_ http.ResponseWriter, request *http.Request) {
		here.signedOut = append(here.signedOut, request.PostFormValue("id_token_hint"))
	})
	routes.Handle("GET /keys", keys)
	here.provider = httptest.NewTLSServer(routes)
	keys.SetIssuer(here.provider.URL)

	storage := http.NewServeMux()
	storage.HandleFunc("POST /{$}", func(writer http.ResponseWriter, request *http.Request) {
		if !here.policy || request.PostFormValue("WebIdentityToken") != here.idToken {
			writer.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(writer, `<ErrorResponse><Error><Message>policy claim missing</Message></Error></ErrorResponse>`)
			return
		}
		_, _ = io.WriteString(writer, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>`+
			`<Credentials><AccessKeyId>AK</AccessKeyId><SecretAccessKey>the-secret-key</SecretAccessKey><SessionToken>ST</SessionToken></Credentials>`+
			`</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
	})
	storage.HandleFunc("POST /api/v1/login", func(writer http.ResponseWriter, request *http.Request) {
		var key map[string]string
		_ = json.NewDecoder(request.Body).Decode(&key)
		if key["accessKey"] != "AK" || key["secretKey"] != "the-secret-key" || key["sts"] != "ST" {
			writer.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(writer, &http.Cookie{Name: sessionCookie, Value: "the-session"})
		writer.WriteHeader(http.StatusNoContent)
	})
	storage.HandleFunc("GET /api/v1/session", func(writer http.ResponseWriter, request *http.Request) {
		if cookie, err := request.Cookie(sessionCookie); err != nil || cookie.Value != "the-session" {
			writer.WriteHeader(http.StatusForbidden)
		}
	})
	storage.HandleFunc("/", func(writer http.ResponseWriter, request *http.Request) {
		_, _ = fmt.Fprintf(writer, "console %s cookies=%s", request.URL.Path, request.Header.Get("Cookie"))
	})
	minio := httptest.NewServer(storage)
	t.Cleanup(here.provider.Close)
	t.Cleanup(minio.Close)

	settings := Settings{Issuer: here.provider.URL, ClientID: "minio", ClientSecret: "the-client-secret", Lifetime: time.Hour, Client: here.provider.Client()}
	settings.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for text, into := range map[string]*url.URL{"https://console.test": &settings.Public, minio.URL: &settings.Console} {
		if err := parse(text, into); err != nil {
			t.Fatal(err)
		}
	}
	settings.STS = settings.Console
	here.bridge = NewBridge(settings)
	return here
}

// browser keeps cookies like one.
type browser struct {
	*world
	cookies map[string]*http.Cookie
}

func (here *world) browser() *browser { return &browser{here, map[string]*http.Cookie{}} }

func (browser *browser) do(method, target string, header ...string) *http.Response {
	browser.Helper()
	request := httptest.NewRequest(method, target, nil)
	request.Header.Set("Accept", "text/html")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	for _, cookie := range browser.cookies {
		request.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	browser.bridge.ServeHTTP(recorder, request)
	answer := recorder.Result()
	for _, cookie := range answer.Cookies() {
		if cookie.MaxAge < 0 {
			delete(browser.cookies, cookie.Name)
			continue
		}
		if !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" || cookie.Path != "/" {
			browser.Errorf("cookie %s is not safe: %s", cookie.Name, cookie.Raw)
		}
		browser.cookies[cookie.Name] = cookie
	}
	return answer
}

// begin opens a page and gives the state of the login that this begins.
func (browser *browser) begin(target string) string {
	browser.Helper()
	address, err := browser.do("GET", target).Location()
	if err != nil || !strings.HasPrefix(address.String(), browser.provider.URL+"/auth?") {
		browser.Fatalf("no login: %v %v", address, err)
	}
	query := address.Query()
	if query.Get("code_challenge_method") != "S256" || query.Get("redirect_uri") != "https://console.test/oauth_callback" {
		browser.Errorf("not the login that was meant: %v", query)
	}
	browser.nonce, browser.challenge = query.Get("nonce"), query.Get("code_challenge")
	return query.Get("state")
}

func (browser *browser) signIn(target string) *http.Response {
	browser.Helper()
	return browser.do("GET", callbackPath+"?code=the-code&state="+browser.begin(target))
}

func status(t *testing.T, answer *http.Response, wanted int) string {
	t.Helper()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != wanted {
		t.Fatalf("status %d, wanted %d: %s", answer.StatusCode, wanted, body)
	}
	return string(body)
}

func TestALoginLeadsToThePageThatWasWanted(t *testing.T) {
	ada := newWorld(t).browser()
	answer := ada.signIn("/browser/thinkube?prefix=a")
	status(t, answer, http.StatusSeeOther)
	if place := answer.Header.Get("Location"); place != "/browser/thinkube?prefix=a" {
		t.Errorf("led to %s", place)
	}
	body := status(t, ada.do("GET", "/browser/thinkube"), http.StatusOK)
	if body != "console /browser/thinkube cookies=token=the-session" {
		t.Errorf("the console was told too much or too little: %s", body)
	}
	if len(ada.cookies) != 2 {
		t.Errorf("the login left something behind: %v", ada.cookies)
	}
}

func TestNoSecretIsLogged(t *testing.T) {
	here := newWorld(t)
	here.browser().signIn("/")
	here.policy = false
	here.browser().signIn("/")
	here.forgedIssuer = "/another"
	here.browser().signIn("/")
	for _, secret := range []string{"the-session", "the-secret-key", "the-code", "the-access-token", "the-client-secret", here.idToken} {
		if strings.Contains(here.logs.String(), secret) {
			t.Errorf("logged: %s\n%s", secret, here.logs)
		}
	}
	if !strings.Contains(here.logs.String(), "user=ada") {
		t.Errorf("a login leaves a line:\n%s", here.logs)
	}
}

func TestACallbackOfAnotherBrowserIsRefused(t *testing.T) {
	here := newWorld(t)
	state := here.browser().begin("/")
	status(t, here.browser().do("GET", callbackPath+"?code=the-code&state="+state), http.StatusBadRequest)
}

func TestACallbackWorksOnce(t *testing.T) {
	ada := newWorld(t).browser()
	state := ada.begin("/")
	status(t, ada.do("GET", callbackPath+"?code=the-code&state="+state), http.StatusSeeOther)
	status(t, ada.do("GET", callbackPath+"?code=the-code&state="+state), http.StatusBadRequest)
}

func TestTwoTabsSignInSideBySide(t *testing.T) {
	ada := newWorld(t).browser()
	first := ada.begin("/one")
	nonce, challenge := ada.nonce, ada.challenge
	status(t, ada.signIn("/two"), http.StatusSeeOther)
	ada.nonce, ada.challenge = nonce, challenge
	answer := ada.do("GET", callbackPath+"?code=the-code&state="+first)
	if status(t, answer, http.StatusSeeOther); answer.Header.Get("Location") != "/one" {
		t.Errorf("led to %s", answer.Header.Get("Location"))
	}
}

func TestAnIDTokenOfAnotherLoginIsRefused(t *testing.T) {
	ada := newWorld(t).browser()
	state := ada.begin("/")
	ada.nonce = "another"
	status(t, ada.do("GET", callbackPath+"?code=the-code&state="+state), http.StatusForbidden)
}

func TestAnIDTokenOfAnotherIssuerIsRefused(t *testing.T) {
	here := newWorld(t)
	here.forgedIssuer = "/another"
	status(t, here.browser().signIn("/"), http.StatusForbidden)
}

func TestACallbackFromAnotherProviderIsRefused(t *testing.T) {
	ada := newWorld(t).browser()
	status(t, ada.do("GET", callbackPath+"?code=the-code&iss=https://evil.test&state="+ada.begin("/")), http.StatusForbidden)
}

func TestWhoHasNoPolicyIsToldSo(t *testing.T) {
	here := newWorld(t)
	here.policy = false
	if body := status(t, here.browser().signIn("/"), http.StatusForbidden); !strings.Contains(body, "You may not use object storage") {
		t.Errorf("not said: %s", body)
	}
}

func TestWhatTheProviderSaysIsShownAsText(t *testing.T) {
	ada := newWorld(t).browser()
	body := status(t, ada.do("GET", callbackPath+"?error=<script>&state="+ada.begin("/")), http.StatusForbidden)
	if strings.Contains(body, "<script>") {
		t.Errorf("not escaped: %s", body)
	}
}

func TestNoLoginLeadsElsewhere(t *testing.T) {
	for _, target := range []string{"//evil.test", "/\\evil.test", "https://evil.test/", "", "javascript:x", "/a\\b", "/%0d%0a\r\nX: y", "/login", "/oauth_callback?x=1"} {
		if found := localPath(target); found != "/" {
			t.Errorf("%q leads to %q", target, found)
		}
	}
	if found := localPath("/browser/a%20b?x=//c"); found != "/browser/a%20b?x=//c" {
		t.Errorf("a path of this host became %q", found)
	}
}

func TestAnEndedSessionLeadsToTheLogin(t *testing.T) {
	ada := newWorld(t).browser()
	ada.cookies[sessionCookie] = &http.Cookie{Name: sessionCookie, Value: "ended"}
	ada.begin("/")
}

func TestDataIsNotRedirected(t *testing.T) {
	ada := newWorld(t).browser()
	status(t, ada.do("GET", "/api/v1/session"), http.StatusForbidden)
	status(t, ada.do("GET", "/static/main.js", "Sec-Fetch-Mode", "no-cors"), http.StatusOK)
}

func TestAccessKeysAreNotTaken(t *testing.T) {
	status(t, newWorld(t).browser().do("POST", "/api/v1/login"), http.StatusForbidden)
}

func TestAnotherOriginsPageCannotAct(t *testing.T) {
	ada := newWorld(t).browser()
	ada.signIn("/")
	status(t, ada.do("DELETE", "/api/v1/buckets/thinkube", "Origin", "https://other.test", "Sec-Fetch-Site", "same-site"), http.StatusForbidden)
	status(t, ada.do("GET", "/ws/objectManager", "Origin", "https://other.test", "Upgrade", "websocket"), http.StatusForbidden)
	status(t, ada.do("DELETE", "/api/v1/buckets/thinkube", "Origin", "https://console.test", "Sec-Fetch-Site", "same-origin"), http.StatusOK)
}

func TestSigningOutEndsTheSessionAtTheProvider(t *testing.T) {
	ada := newWorld(t).browser()
	ada.signIn("/")
	status(t, ada.do("POST", "/api/v1/logout"), http.StatusOK)
	if !slices.Equal(ada.signedOut, []string{ada.idToken}) {
		t.Errorf("the provider was not told: %v", ada.signedOut)
	}
	if _, kept := ada.cookies[identityCookie]; kept {
		t.Error("the identity was kept")
	}
}

func TestHealthNeedsNobodyElse(t *testing.T) {
	here := newWorld(t)
	here.provider.Close()
	status(t, here.browser().do("GET", healthPath), http.StatusNoContent)
	status(t, here.browser().do("GET", "/"), http.StatusServiceUnavailable)
}

func TestAServerOfAnotherAuthorityIsNotTrusted(t *testing.T) {
	here := newWorld(t)
	settings := here.bridge.Settings
	if err := trust("", &settings.Client); err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Accept", "text/html")
	NewBridge(settings).ServeHTTP(recorder, request)
	status(t, recorder.Result(), http.StatusServiceUnavailable)
}
