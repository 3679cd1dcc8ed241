// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet evaluate`: measures how well every part recommends on recorded streams.
void add_evaluate_command(CLI::App& app);

}  // namespace freshet::cli
