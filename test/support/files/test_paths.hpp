/// Where the build put what tests need. The one place that knows, so that no
/// other source compiles differently in another folder.
#pragma once

namespace clearance::test {

/// Recorded reader lines and the events that they produced.
const char* vectors_file() noexcept;

/// The program that stands for terok-shield.
const char* fake_shield_program() noexcept;

} // namespace clearance::test
