// Package netlab puts whole machines into network namespaces: servers behind NAT,
// clients behind firewalls, networks of IPv6 alone. Its tests run the program itself
// there, as root, by `make net`; none of it is part of the program.
package netlab
