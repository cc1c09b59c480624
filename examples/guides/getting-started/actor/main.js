import { Actor } from 'apify';

await Actor.init();

const dataset = await Actor.openDataset('my-first-products');
await dataset.pushData({ sku: 'A1', price: 9.5 });

await Actor.exit();
