package main

import (
	"errors"
	"fmt"

	"sfu/config"
)

// checkConfig says everything that is wrong, and on demand what is in effect.
func checkConfig(l *config.Loaded, print bool, t terminal) error {
	for _, w := range l.Warnings {
		fmt.Fprintln(t.stderr, "warning:", w)
	}
	for _, p := range l.Problems {
		fmt.Fprintln(t.stderr, p)
	}
	if print {
		fmt.Fprint(t.stdout, l.Effective())
	}
	switch n := len(l.Problems); n {
	case 0:
		if !print {
			fmt.Fprintln(t.stdout, "the settings are fine")
		}
		return nil
	case 1:
		return errors.New("1 problem")
	default:
		return fmt.Errorf("%d problems", n)
	}
}
