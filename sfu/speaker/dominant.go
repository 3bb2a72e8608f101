package speaker

// Dominant returns who holds the floor, and false before anyone has.
func (d *Detector) Dominant() (Key, bool) { return 0, false }
