// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet manual`: prints the manual page.
void add_manual_command(CLI::App& app);

}  // namespace freshet::cli
