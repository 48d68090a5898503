// The median of three bytes, by sorting and by the majority of comparisons.
module sorting(input [7:0] a, b, c, output [7:0] m);
  wire [7:0] low = a < b ? a : b;
  wire [7:0] high = a < b ? b : a;
  assign m = c < low ? low : c > high ? high : c;
endmodule

module majority(input [7:0] a, b, c, output [7:0] m);
  wire ab = a <= b, bc = b <= c, ac = a <= c;
  assign m = ab == bc ? b : ab == ac ? c : a;
endmodule
