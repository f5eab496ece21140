require("workerpool").worker({ square: (x) => x * x });
