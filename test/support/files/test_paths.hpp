/// Where the build put the files that tests need. Only this source depends on
/// the folder of the build, so that ccache can share all the others.
#pragma once

namespace clearance::test {

/// Recorded reader lines and the events that they produced.
const char* vectors_file() noexcept;

/// fake_shield_program.cpp, which stands for terok-shield.
const char* fake_shield_program() noexcept;

/// The program that stands for one whose disk stalls.
const char* stalled_program() noexcept;

} // namespace clearance::test
