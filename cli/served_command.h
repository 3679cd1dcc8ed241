// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet served export`: the lists that were served, with what they earned.
void add_served_command(CLI::App& app);

}  // namespace freshet::cli
