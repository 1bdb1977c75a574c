/// The list of public suffixes: names such as `co.uk`, below which everybody
/// can register names. Source: publicsuffix.org.
#pragma once

#include "protocol/operator/policy_reader.hpp"

namespace clearance::services {

/// Looks names up in the list of this machine, or in the one that libpsl was
/// built with. Where there is no list, or no libpsl, no name is a suffix: a
/// wildcard over one label is refused nevertheless.
protocol::public_suffix_test public_suffixes();

/// Whether there is a list.
bool has_public_suffixes();

} // namespace clearance::services
