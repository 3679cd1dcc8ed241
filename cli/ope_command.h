// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet ope`: estimates from a log what another policy would have earned.
void add_ope_command(CLI::App& app);

}  // namespace freshet::cli
