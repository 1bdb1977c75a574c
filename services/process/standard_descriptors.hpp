/// Descriptors 0, 1 and 2 of a program that was started without them.
#pragma once

namespace clearance::services {

/// Opens those of descriptors 0, 1 and 2 that are closed, so that no socket and
/// no file of the program gets one of these numbers: a message for stderr would
/// go into it. Every main() calls this first.
///
/// Reading the new stdin and writing the new stdout fail with EBADF, so that a
/// client notices. What is written to the new stderr is lost: nobody reads it.
/// If no descriptor can be opened, the process ends with exit code 1.
void open_standard_descriptors();

/// Whether stdout was open for writing when the program started.
bool has_stdout();

} // namespace clearance::services
