// This program stores items in a dataset, as a scraper would: push.go DATASET ITEMS. DATASET is an
// ID, and ITEMS is JSON. The demo runs it against the emulator.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	url := os.Getenv("APIFY_API_BASE_URL") + "/v2/datasets/" + os.Args[1] + "/items"
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(os.Args[2]))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+os.Getenv("APIFY_TOKEN"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("POST /v2/datasets/"+os.Args[1]+"/items:", resp.Status)
	if resp.StatusCode != http.StatusCreated {
		os.Exit(1)
	}
}
