package config

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DefaultFile is read when no other file is named and it exists.
const DefaultFile = "/etc/sfu/sfu.yaml"

const (
	// maxFile bounds the settings file; an example with every comment has 6 KiB.
	maxFile = 1 << 20
	// maxSecret bounds a file that holds a secret.
	maxSecret = 4 << 10
)

// written is one setting as a file has it.
type written struct {
	name  string
	line  int
	list  bool
	items []item
}

type item struct {
	text string
	line int
}

// scan reads a settings file: one mapping of names to scalars, or to lists of
// scalars. It knows no setting; what it returns is in the file's order.
func scan(file string, text []byte) ([]written, Problems) {
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err == io.EOF {
		return nil, nil // empty, or nothing but comments
	} else if err != nil {
		return nil, Problems{syntax(file, err)}
	}
	if err := dec.Decode(new(yaml.Node)); err != io.EOF {
		return nil, Problems{{file, "has a second document: remove the line ---"}}
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, Problems{{at(file, root.Line), "not a list of settings: write name: value, one on a line"}}
	}
	var settings []written
	var problems Problems
	first := make(map[string]int)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		name := key.Value
		if key.Kind != yaml.ScalarNode || name == "" {
			problems = append(problems, Problem{at(file, key.Line), "not the name of a setting"})
			continue
		}
		if line, twice := first[name]; twice {
			problems = append(problems, Problem{at(file, key.Line) + ": " + name, fmt.Sprintf("is set on line %d already", line)})
			continue
		}
		first[name] = key.Line
		w := written{name: name, line: key.Line, list: value.Kind == yaml.SequenceNode}
		nodes := []*yaml.Node{value}
		if w.list {
			nodes = value.Content
		}
		if p := w.take(nodes); p != "" {
			problems = append(problems, Problem{at(file, key.Line) + ": " + name, p})
			continue
		}
		settings = append(settings, w)
	}
	return settings, problems
}

// take reads the value's scalars, or says why it cannot.
func (w *written) take(nodes []*yaml.Node) string {
	for _, n := range nodes {
		switch {
		case n.Kind == yaml.AliasNode:
			return "write the value itself instead of an alias"
		case n.Kind != yaml.ScalarNode:
			return "write one value, or a list of values"
		case n.Tag == "!!null":
			return "has no value: write one, or remove the line"
		}
		w.items = append(w.items, item{n.Value, n.Line})
	}
	return ""
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax puts YAML's complaint in the form of all others.
func syntax(file string, err error) Problem {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return Problem{file, text}
	}
	if m[1] != "" {
		file += ":" + m[1]
	}
	return Problem{file, text[len(m[0]):]}
}

func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

// readFile reads at most limit bytes, and reports whether anybody on the
// machine may do so.
func readFile(path string, limit int64) (text []byte, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	text, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return text, info.Mode().Perm()&0o004 != 0, err
}
