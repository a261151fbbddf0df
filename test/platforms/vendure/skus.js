// Of Vendure's sample products, at 18.99, 329.00 and 1299.00 before 20 % tax. Shipping is 5.00.
module.exports = { mouse: "834444", tablet: "TBL200032", laptop: "L2201308" };
