package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const mostBytes = 1 << 20

// Key is a temporary access key; its JSON is what the console's login takes.
type Key struct {
	AccessKey string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId" json:"accessKey"`
	SecretKey string `xml:"AssumeRoleWithWebIdentityResult>Credentials>SecretAccessKey" json:"secretKey"`
	Token     string `xml:"AssumeRoleWithWebIdentityResult>Credentials>SessionToken" json:"sts"`
}

// Refusal is MinIO's decision that a person may not use it.
type Refusal struct{ Reason string }

func (refusal *Refusal) Error() string { return refusal.Reason }

// assumeRole gives a temporary access key for an ID token: AssumeRoleWithWebIdentity of MinIO's security token service.
func assumeRole(ctx context.Context, client *http.Client, service url.URL, idToken string, lifetime time.Duration) (Key, error) {
	var key Key
	answer, err := post(ctx, client, service.String(), url.Values{
		"Action":           {"AssumeRoleWithWebIdentity"},
		"Version":          {"2011-06-15"},
		"WebIdentityToken": {idToken},
		"DurationSeconds":  {strconv.Itoa(int(lifetime.Seconds()))},
	})
	if err != nil {
		return key, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err != nil {
		return key, err
	}
	switch {
	case answer.StatusCode == http.StatusOK:
		err = xml.Unmarshal(body, &key)
		if err == nil && (key.AccessKey == "" || key.SecretKey == "" || key.Token == "") {
			err = fmt.Errorf("an answer of the STS without an access key")
		}
		return key, err
	case answer.StatusCode < http.StatusInternalServerError:
		var failure struct {
			Message string `xml:"Error>Message"`
		}
		_ = xml.Unmarshal(body, &failure)
		return key, &Refusal{Reason: failure.Message}
	}
	return key, fmt.Errorf("the STS answered %s", answer.Status)
}

// consoleSession lets the console make a session for a temporary access key; the result is the value of its cookie.
func consoleSession(ctx context.Context, client *http.Client, console url.URL, key Key) (string, error) {
	body, _ := json.Marshal(key)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, console.JoinPath("/api/v1/login").String(), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	for _, cookie := range answer.Cookies() {
		if cookie.Name == sessionCookie && cookie.Value != "" && answer.StatusCode < http.StatusBadRequest {
			return cookie.Value, nil
		}
	}
	return "", fmt.Errorf("the console answered the login with %s", answer.Status)
}

// isSession asks the console whether a session is still good.
func isSession(ctx context.Context, client *http.Client, console url.URL, cookie *http.Cookie) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, console.JoinPath("/api/v1/session").String(), nil)
	if err != nil {
		return false
	}
	request.AddCookie(cookie)
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func post(ctx context.Context, client *http.Client, address string, form url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return client.Do(request)
}
