package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

const (
	attemptCookie   = "__Host-login-" // and the state: logins in several tabs do not disturb each other
	identityCookie  = "__Host-identity"
	attemptLifetime = 10 * time.Minute
)

var stateShape = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// Attempt is a login that has begun. It lives in the browser that began it, in a cookie that no other host can set
// (the prefix __Host- forbids that), so a callback without it belongs to somebody else's login.
type Attempt struct {
	State    string `json:"-"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Target   string `json:"t"`
}

func newAttempt(target, verifier string) Attempt {
	return Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: verifier, Target: target}
}

func (attempt Attempt) keep(writer http.ResponseWriter) {
	text, _ := json.Marshal(attempt)
	keep(writer, attemptCookie+attempt.State, base64.RawURLEncoding.EncodeToString(text), attemptLifetime)
}

// takeAttempt is the login that a state belongs to; it can be taken once.
func takeAttempt(writer http.ResponseWriter, request *http.Request, state string) (Attempt, bool) {
	if !stateShape.MatchString(state) {
		return Attempt{}, false
	}
	cookie, err := request.Cookie(attemptCookie + state)
	if err != nil {
		return Attempt{}, false
	}
	drop(writer, cookie.Name)
	attempt := Attempt{State: state}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	return attempt, err == nil && json.Unmarshal(text, &attempt) == nil && attempt.Nonce != "" && attempt.Verifier != ""
}

func keep(writer http.ResponseWriter, name, value string, lifetime time.Duration) {
	http.SetCookie(writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(lifetime.Seconds()), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func drop(writer http.ResponseWriter, name string) {
	http.SetCookie(writer, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// keepOnly takes away every cookie but one: the console has no business with the others.
func keepOnly(request *http.Request, name string) {
	cookie, err := request.Cookie(name)
	request.Header.Del("Cookie")
	if err == nil {
		request.AddCookie(cookie)
	}
}
