package dashboards

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const folder = "../../deploy/grafana/dashboards"

var update = flag.Bool("update", false, "write the dashboards and the Kubernetes rules of deploy/")

// golden compares a file of deploy/ with what it is made from.
func golden(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the code says (%v): run `go test ./internal/dashboards -update`", file, err)
	}
}

func fileOf(d Dashboard) string { return strings.TrimPrefix(d.UID, "sfu-") + ".json" }

func TestFilesAreWhatTheCodeSays(t *testing.T) {
	var names []string
	for _, d := range All() {
		page, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(folder, fileOf(d)), page)
		names = append(names, fileOf(d))
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, filepath.Base(f)) {
			t.Errorf("%s is no dashboard of the code", f)
		}
	}
}

// page is what the checks read of a dashboard's JSON, as Grafana does.
type page struct {
	UID, Title, Refresh string
	SchemaVersion       int
	Time                struct{ From, To string }
	Panels              []panel
	Links               []struct{ Tags []string }
	Tags                []string
	Templating          struct {
		List []struct {
			Name, Type        string
			Multi, IncludeAll bool
		}
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct{ RefID, Expr, LegendFormat string }
}

func read(t *testing.T, d Dashboard) (p page) {
	t.Helper()
	raw, err := d.JSON()
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPagesAreWhole(t *testing.T) {
	uids := map[string]bool{}
	for _, d := range All() {
		p := read(t, d)
		if p.UID == "" || uids[p.UID] || p.Title == "" || p.SchemaVersion != schemaVersion || p.Refresh != "30s" || p.Time.From != "now-1h" {
			t.Errorf("%s: %+v", d.UID, p)
		}
		uids[p.UID] = true
		if len(p.Links) != 1 || !slices.Equal(p.Links[0].Tags, p.Tags) {
			t.Errorf("%s is not linked to the others", d.UID)
		}
		var names []string
		for _, v := range p.Templating.List {
			names = append(names, v.Name)
			if v.Type == "query" && (!v.Multi || !v.IncludeAll) {
				t.Errorf("%s: one cannot choose several of $%s", d.UID, v.Name)
			}
		}
		if !slices.Equal(names, []string{"datasource", "job", "instance"}) {
			t.Errorf("%s has variables %v", d.UID, names)
		}
	}
}

// These are the rules of Grafana's own linter, and of the house.
func TestPanelsAreWhole(t *testing.T) {
	for _, d := range All() {
		for _, fault := range faults(read(t, d)) {
			t.Errorf("%s: %s", d.UID, fault)
		}
	}
}

func TestWhatIsWrongWithAPanelIsSeen(t *testing.T) {
	sound := Panel{Title: "a", Help: "b.", Unit: Count, Queries: one("c", "sum(sfu_rooms)")}
	for name, c := range map[string]struct {
		change func(*Panel)
		want   string
	}{
		"sound":       {func(*Panel) {}, ""},
		"unit":        {func(p *Panel) { p.Unit = "" }, "no unit"},
		"description": {func(p *Panel) { p.Help = "" }, "no description"},
		"legend":      {func(p *Panel) { p.Queries[0].Legend = "" }, "no legend"},
		"queries":     {func(p *Panel) { p.Queries = nil }, "asks nothing"},
		"matchers":    {func(p *Panel) { p.Queries = []Query{{"sum(sfu_rooms)", "c"}} }, "without job and instance"},
		"width":       {func(p *Panel) { p.Width = 25 }, "outside"},
	} {
		t.Run(name, func(t *testing.T) {
			p := sound
			p.Queries = slices.Clone(p.Queries)
			c.change(&p)
			got := strings.Join(faults(read(t, Dashboard{UID: "x", Rows: []Row{{"r", []Panel{p}}}})), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// faults are what is wrong with a page's panels.
func faults(p page) (list []string) {
	taken := map[[2]int]string{}
	ids := map[int]bool{}
	for _, panel := range p.Panels {
		says := func(what string) { list = append(list, panel.Title+": "+what) }
		if panel.ID == 0 || ids[panel.ID] {
			says("its id is another's")
		}
		ids[panel.ID] = true
		at := panel.GridPos
		if at.X < 0 || at.W < 1 || at.H < 1 || at.X+at.W > columns {
			says("lies outside the page")
		}
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					says("covers " + other)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
		if panel.Title == "" {
			says("no title")
		}
		if panel.Type != "row" {
			for _, what := range incomplete(panel) {
				says(what)
			}
		}
	}
	return list
}

func incomplete(p panel) (list []string) {
	if !strings.HasSuffix(p.Description, ".") {
		list = append(list, "no description, or not a sentence")
	}
	if p.FieldConfig.Defaults.Unit == "" {
		list = append(list, "no unit")
	}
	if p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
		list = append(list, "another data source")
	}
	if len(p.Targets) == 0 {
		list = append(list, "asks nothing")
	}
	for _, q := range p.Targets {
		if q.LegendFormat == "" {
			list = append(list, "no legend")
		}
		for _, at := range metric.FindAllStringIndex(q.Expr, -1) {
			if rest := q.Expr[at[0]:]; !strings.Contains(rest, "{"+matchers) || strings.IndexByte(rest, '{') != strings.Index(rest, "{"+matchers) {
				list = append(list, "without job and instance: "+q.Expr)
			}
		}
	}
	return list
}
