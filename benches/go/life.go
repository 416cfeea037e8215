// The same lives in Go, for the comparison program: n actors wait to be interrupted, one more
// returns at once.
//
//	life PEER N
//
// It reads a number, lives so often, tells the sum of the times in nanoseconds; and again. In the
// end comes the peak of the process's memory, in bytes, or 0 where the system does not tell.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/run"
	"golang.org/x/sync/errgroup"
	"gopkg.in/tomb.v2"
)

var errFirst = errors.New("the first exit")

var peers = map[string]func(n int){
	"run-group": runGroup,
	"errgroup":  errGroup,
	"tomb":      tombV2,
}

// runGroup has a channel for each actor, as in the examples of that package.
func runGroup(n int) {
	var g run.Group
	for i := 0; i < n; i++ {
		cancel := make(chan struct{})
		g.Add(func() error {
			<-cancel
			return nil
		}, func(error) {
			close(cancel)
		})
	}
	g.Add(func() error { return errFirst }, func(error) {})
	mustBeFirst(g.Run())
}

// errGroup interrupts by its context, and only an error does that.
func errGroup(n int) {
	g, ctx := errgroup.WithContext(context.Background())
	for i := 0; i < n; i++ {
		g.Go(func() error {
			<-ctx.Done()
			return nil
		})
	}
	g.Go(func() error { return errFirst })
	mustBeFirst(g.Wait())
}

// tombV2 interrupts by its Dying channel, and only an error does that.
func tombV2(n int) {
	var t tomb.Tomb
	for i := 0; i < n; i++ {
		t.Go(func() error {
			<-t.Dying()
			return nil
		})
	}
	t.Go(func() error { return errFirst })
	mustBeFirst(t.Wait())
}

func mustBeFirst(err error) {
	if err != errFirst {
		log.Fatalf("ended by %v", err)
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: life PEER N")
	}
	live, ok := peers[os.Args[1]]
	if !ok {
		log.Fatalf("no peer %q", os.Args[1])
	}
	n := number(os.Args[2])

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var sum time.Duration
		for lives := number(lines.Text()); lives > 0; lives-- {
			from := time.Now()
			live(n)
			sum += time.Since(from)
		}
		fmt.Println(sum.Nanoseconds())
	}
	fmt.Println(peakMemory())
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func peakMemory() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			return number(fields[1]) * 1024
		}
	}
	return 0
}
